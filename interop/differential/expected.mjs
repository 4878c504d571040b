/**
 * Differences that are meant, each with its reason. A difference counts as expected if the label of its request and
 * the path within the answer both match.
 * @type {{label: RegExp, path: RegExp, reason: string}[]}
 */
export const expected = []

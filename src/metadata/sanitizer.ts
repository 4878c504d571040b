/**
 * Names of users, client ids and addresses as node names of the metadata store: URL-encoded in Kafka's way, so that
 * none holds a slash, and none is `<default>`, which stands for everyone without an entry of their own.
 */

export const DEFAULT_ENTITY = '<default>'

/** As java.net.URLEncoder does it, but `*` and a space are percent-encoded too. */
export function sanitize(name: string): string {
  return encodeURIComponent(name).replace(
    /[!~*'()]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** What others wrote may not be an encoding of anything: it is then its own name. */
export function desanitize(sanitized: string): string {
  try {
    return decodeURIComponent(sanitized.replaceAll('+', ' '))
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    return sanitized
  }
}

/**
 * Kafka's range assignor for the JavaScript clients, which bring none: each topic by itself, its partitions in equal
 * runs over the members sorted by id, the first members getting one more where it doesn't come out even.
 */

/**
 * @param {string[]} memberIds
 * @param {number} partitions how many the topic has
 * @returns {Map<string, number[]>} by member id
 */
export function rangeAssignment(memberIds, partitions) {
  const sorted = [...memberIds].sort()
  const each = Math.floor(partitions / sorted.length)
  const extra = partitions % sorted.length
  let next = 0
  return new Map(
    sorted.map((memberId, index) => {
      const count = each + (index < extra ? 1 : 0)
      const own = Array.from({ length: count }, (_, offset) => next + offset)
      next += count
      return [memberId, own]
    }),
  )
}

/**
 * A doubly linked list whose values can be taken out anywhere, at a cost that does not depend on how many there are.
 *
 * It stands where a Set would do, in places where nearly every value leaves soon after it came. V8's sets leave a table
 * behind each time they have grown or shrunk, which points to the next one and to what was in it then: once such a table
 * has been promoted, all that follow are, with thousands of requests that are long answered. What has left this list
 * points to nothing, and nothing to it.
 */
export class LinkedList<Value> {
  #first: ListNode<Value> | undefined
  #last: ListNode<Value> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** At the end; returns what `remove` wants. */
  add(value: Value): ListNode<Value> {
    const node: ListNode<Value> = { value, list: this, previous: this.#last, next: undefined }
    if (this.#last === undefined) this.#first = node
    else this.#last.next = node
    this.#last = node
    this.#size += 1
    return node
  }

  /** False: it has left already. */
  remove(node: ListNode<Value>): boolean {
    if (node.list !== this) return false
    if (node.previous === undefined) this.#first = node.next
    else node.previous.next = node.next
    if (node.next === undefined) this.#last = node.previous
    else node.next.previous = node.previous
    node.list = undefined
    node.previous = undefined
    node.next = undefined
    this.#size -= 1
    return true
  }

  /** Takes out those for which `isWanted` says so, in their order. */
  removeEach(isWanted: (value: Value) => boolean): void {
    for (let node = this.#first; node !== undefined; ) {
      const { next } = node
      if (isWanted(node.value)) this.remove(node)
      node = next
    }
  }

  /** Those that are in it now, in their order; what becomes of the list meanwhile changes nothing. */
  values(): Value[] {
    const values: Value[] = []
    for (let node = this.#first; node !== undefined; node = node.next) values.push(node.value)
    return values
  }
}

/** A value's place in a list. Its fields are the list's. */
export interface ListNode<Value> {
  readonly value: Value
  list: LinkedList<Value> | undefined
  previous: ListNode<Value> | undefined
  next: ListNode<Value> | undefined
}

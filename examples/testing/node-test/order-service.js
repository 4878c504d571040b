/**
 * A shop and its warehouse. An order is a record of the topic `orders`; the warehouse reads it, and what it ships is a
 * record of the topic `shipments`.
 */
import { Consumer, Producer } from 'sluice/client'

export class Shop {
  #producer

  constructor(bootstrapServers) {
    this.#producer = new Producer({ bootstrapServers, valueSerializer: 'json' })
  }

  /** Resolves when the order is safe. The orders of a customer stay in their order, since their key is the same. */
  async order({ id, customer, item }) {
    await this.#producer.send({ topic: 'orders', key: customer, value: { id, item } })
  }

  async close() {
    await this.#producer.close()
  }
}

export class Warehouse {
  #consumer
  #producer
  #stopping = new AbortController()
  #running

  constructor(bootstrapServers) {
    this.#consumer = new Consumer({
      bootstrapServers,
      groupId: 'warehouse',
      autoOffsetReset: 'earliest',
      enableAutoCommit: false,
      valueDeserializer: 'json',
    })
    this.#producer = new Producer({
      bootstrapServers,
      transactionalId: 'warehouse-1',
      valueSerializer: 'json',
    })
  }

  /** Ships every order once, also if it is killed half-way and started again. Ends with `close`. */
  async run() {
    await this.#consumer.subscribe(['orders'])
    this.#running = this.#consumer.run({
      eachRecord: (order) => this.#ship(order),
      signal: this.#stopping.signal,
    })
    await this.#running
  }

  /** The shipment and how far the orders were read become true together, or not at all. */
  async #ship({ topic, partition, offset, key, value }) {
    await this.#producer.transaction(async (transaction) => {
      transaction.send({ topic: 'shipments', key, value: { order: value.id, item: value.item } })
      await transaction.sendOffsets([{ topic, partition, offset: offset + 1 }], this.#consumer)
    })
  }

  /** Orders that were begun are shipped first. */
  async close() {
    this.#stopping.abort()
    await this.#running
    await Promise.all([this.#consumer.close(), this.#producer.close()])
  }
}

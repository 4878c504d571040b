/**
 * The dynamic configs of topics, brokers and the rest, as the metadata store holds them: raw texts by name, without
 * judgement (metadata/config validates). A writer sets /config/TYPE/NAME and then makes a sequential node under
 * /config/changes; every broker watches that folder and reads the entities it names again. Client ids of a user are
 * entities `U/clients/C` of the type `users`.
 *
 * Invariant: after `start`, what `get` returns is at most the notifications under way behind the store; the change
 * listener runs for every change seen, in the order of the notifications.
 */
import type { Logger } from '../base/logger.ts'
import { ensurePath, isStoreError, type MetadataStore, setOrCreate } from '../coordination/metadata-store.ts'
import { ConfigChangeZnode, type ConfigEntityType, ConfigZnode, ZnodeFormatError } from './znodes.ts'

export type RawConfig = ReadonlyMap<string, string>
export type ConfigChangeListener = (type: ConfigEntityType, name: string, config: RawConfig) => void

const ENTITY_TYPES: readonly ConfigEntityType[] = [
  'topics',
  'clients',
  'users',
  'brokers',
  'ips',
  'client-metrics',
  'groups',
]
/** Notifications older than this are deleted by whoever sees the folder next: every broker has read them. */
const NOTIFICATION_EXPIRATION_MS = 15 * 60 * 1000
const NO_CONFIG: RawConfig = new Map()

export class ConfigRepository {
  readonly #store: MetadataStore
  readonly #logger: Logger
  readonly #nowMs: () => number
  readonly #listeners = new Set<ConfigChangeListener>()
  readonly #configs = new Map<string, RawConfig>()
  /** The number of the last notification handled. */
  #lastChange = -1
  #reading: Promise<void> = Promise.resolve()
  #stopped = false
  #stopListening = (): void => {}

  constructor(options: { store: MetadataStore; logger: Logger; nowMs: () => number }) {
    this.#store = options.store
    this.#logger = options.logger
    this.#nowMs = options.nowMs
  }

  /** Loads every config and watches for changes. */
  async start(): Promise<void> {
    this.#stopListening = this.#store.onSessionEvent((event) => {
      // Watches went with the old session, and changes may have been missed.
      if (event === 'connected') this.#schedule(() => this.#loadAll())
    })
    await this.#loadAll()
  }

  stop(): void {
    this.#stopped = true
    this.#stopListening()
  }

  /** As of the last notification; empty if there is none. */
  get(type: ConfigEntityType, name: string): RawConfig {
    return this.#configs.get(`${type}/${name}`) ?? NO_CONFIG
  }

  /** All entities of a type that have configs, as of the last notification, by name. */
  *all(type: ConfigEntityType): Generator<readonly [name: string, config: RawConfig]> {
    const prefix = `${type}/`
    for (const [path, config] of this.#configs) {
      if (path.startsWith(prefix)) yield [path.slice(prefix.length), config]
    }
  }

  /** Called for each change of an entity, with its whole config. Returns how to stop listening. */
  onChange(listener: ConfigChangeListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * From the store itself, and remembered for `get`. A topic's config is written without a notification when the
   * topic is created and goes with the topic, so whoever opens a partition's log reads it by this.
   */
  async read(type: ConfigEntityType, name: string): Promise<RawConfig> {
    const path = ConfigZnode.entityPath(type, name)
    const node = await this.#store.get(path)
    const config = node === undefined ? NO_CONFIG : ConfigZnode.decode(path, node.data)
    if (config.size === 0) this.#configs.delete(`${type}/${name}`)
    else this.#configs.set(`${type}/${name}`, config)
    return config
  }

  /** Writes the whole config and tells every broker. The caller has validated it. */
  async write(type: ConfigEntityType, name: string, config: RawConfig): Promise<void> {
    await setOrCreate(this.#store, ConfigZnode.entityPath(type, name), ConfigZnode.encode(config))
    await this.#notify(type, name)
  }

  /**
   * Changes what the store holds, whoever else changes it meanwhile: `change` may run several times, and gives
   * undefined to leave everything as it is. When this resolves, the listeners of this broker know.
   */
  async update(
    type: ConfigEntityType,
    name: string,
    change: (config: RawConfig) => RawConfig | undefined,
  ): Promise<void> {
    const path = ConfigZnode.entityPath(type, name)
    for (;;) {
      const node = await this.#store.get(path)
      const changed = change(node === undefined ? NO_CONFIG : ConfigZnode.decode(path, node.data))
      if (changed === undefined) return
      const data = ConfigZnode.encode(changed)
      try {
        if (node !== undefined) await this.#store.set(path, data, node.stat.version)
        else {
          await ensurePath(this.#store, path.slice(0, path.lastIndexOf('/')))
          await this.#store.create(path, data)
        }
        break
      } catch (error) {
        const isOvertaken =
          isStoreError(error, 'BadVersion') ||
          isStoreError(error, 'NodeExists') ||
          isStoreError(error, 'NoNode')
        if (!isOvertaken) throw error
      }
    }
    await this.#notify(type, name)
    this.#onChanges()
    await this.idle()
  }

  async #notify(type: ConfigEntityType, name: string): Promise<void> {
    await this.#store.create(ConfigChangeZnode.prefix, ConfigChangeZnode.encode(`${type}/${name}`), {
      sequential: true,
    })
  }

  /** Resolves when the notifications seen so far have been handled. */
  idle(): Promise<void> {
    return this.#reading
  }

  async #loadAll(): Promise<void> {
    await ensurePath(this.#store, ConfigChangeZnode.path)
    // The watch comes first: a change while loading is seen twice rather than never.
    const changes = await this.#store.children(ConfigChangeZnode.path, this.#onChanges)
    this.#lastChange = Math.max(this.#lastChange, ...(changes ?? []).map(numberOf))
    for (const type of ENTITY_TYPES) {
      const names = (await this.#store.children(ConfigZnode.path(type))) ?? []
      await Promise.all(names.map((name) => this.#refresh(type, name)))
      if (type === 'users') await Promise.all(names.map((name) => this.#loadClientsOf(name)))
    }
  }

  async #loadClientsOf(user: string): Promise<void> {
    const folder = `${user}/clients`
    const clientIds = (await this.#store.children(ConfigZnode.entityPath('users', folder))) ?? []
    await Promise.all(clientIds.map((clientId) => this.#refresh('users', `${folder}/${clientId}`)))
  }

  readonly #onChanges = (): void => this.#schedule(() => this.#readChanges())

  #schedule(work: () => Promise<void>): void {
    this.#reading = this.#reading.then(async () => {
      if (this.#stopped) return
      try {
        await work()
      } catch (error) {
        // Lost connections and ended sessions are followed by 'connected', which reads everything again.
        if (!isStoreError(error)) throw error
      }
    })
  }

  async #readChanges(): Promise<void> {
    const changes = (await this.#store.children(ConfigChangeZnode.path, this.#onChanges)) ?? []
    for (const name of changes.sort((a, b) => numberOf(a) - numberOf(b))) {
      const path = `${ConfigChangeZnode.path}/${name}`
      const node = await this.#store.get(path)
      if (node === undefined) continue
      if (numberOf(name) > this.#lastChange) {
        this.#lastChange = numberOf(name)
        await this.#handleChange(node.data)
      }
      if (node.stat.ctimeMs + NOTIFICATION_EXPIRATION_MS < this.#nowMs()) await this.#remove(path)
    }
  }

  async #handleChange(data: Buffer): Promise<void> {
    try {
      const entityPath = ConfigChangeZnode.decode(data)
      const slash = entityPath.indexOf('/')
      const type = ENTITY_TYPES.find((each) => each === entityPath.slice(0, slash))
      if (type !== undefined) await this.#refresh(type, entityPath.slice(slash + 1))
    } catch (error) {
      if (!(error instanceof ZnodeFormatError)) throw error
      this.#logger.error(`Ignoring a config change notification: ${error.message}`)
    }
  }

  async #refresh(type: ConfigEntityType, name: string): Promise<void> {
    const config = await this.read(type, name)
    for (const listener of [...this.#listeners]) listener(type, name, config)
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#store.delete(path, -1)
    } catch (error) {
      if (!isStoreError(error, 'NoNode')) throw error
    }
  }
}

function numberOf(name: string): number {
  return Number(name.slice(name.lastIndexOf('_') + 1))
}

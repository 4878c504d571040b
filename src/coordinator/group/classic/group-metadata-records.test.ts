import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GroupMetadataValue } from '../../../protocol/records/group-records.ts'
import { SimClock } from '../../../simulator/sim-clock.ts'
import { DecodeError } from '../../../wire/reader.ts'
import { encodeVersioned } from '../../runtime/coordinator-record.ts'
import { ClassicGroup } from './classic-group.ts'
import { groupMetadataRecord, groupMetadataTombstone, readGroupMetadata } from './group-metadata-records.ts'

const value = {
  protocolType: 'consumer',
  generation: 7,
  protocol: 'range',
  leader: 'm1',
  currentStateTimestamp: 1_700_000_000_000,
  members: [
    {
      memberId: 'm1',
      groupInstanceId: 'i1',
      clientId: 'c1',
      clientHost: '/127.0.0.1',
      rebalanceTimeout: 60_000,
      sessionTimeout: 10_000,
      subscription: Buffer.from('subscription'),
      assignment: Buffer.from('assignment'),
    },
  ],
}
const { key } = groupMetadataRecord('g', value)

describe('records of groups', () => {
  test('are written in version 3, under a key of version 2', () => {
    const record = groupMetadataRecord('g', value)
    assert.equal(record.key.toString('hex'), '0002000167')
    assert.equal(record.value!.readInt16BE(0), 3)
    assert.deepEqual(groupMetadataTombstone('g'), { key: record.key, value: null })
  })

  test('are read in every version, with what it knows', () => {
    for (let version = 0; version <= 4; version++) {
      const encoded = encodeVersioned(GroupMetadataValue, version, value)
      const { groupId, value: read } = readGroupMetadata({ key, value: encoded })
      assert.equal(groupId, 'g')
      assert.deepEqual(read, {
        ...value,
        currentStateTimestamp: version < 2 ? -1 : value.currentStateTimestamp,
        members: value.members.map((member) => ({
          ...member,
          groupInstanceId: version < 3 ? null : 'i1',
          // One timeout for both in version 0.
          rebalanceTimeout: version < 1 ? 10_000 : 60_000,
        })),
      })
    }
  })

  test('that make no sense are refused', () => {
    const withoutProtocol = encodeVersioned(GroupMetadataValue, 3, { ...value, protocol: null })
    const unknownVersion = Buffer.from(withoutProtocol)
    unknownVersion.writeInt16BE(9)
    const cutShort = encodeVersioned(GroupMetadataValue, 3, value).subarray(0, 40)
    for (const bytes of [withoutProtocol, unknownVersion, cutShort, Buffer.alloc(0)]) {
      assert.throws(() => readGroupMetadata({ key, value: bytes }), DecodeError)
    }
    assert.throws(() => readGroupMetadata({ key: key.subarray(0, 3), value: null }), DecodeError)
  })

  test('that name a leader who is no member, or a member twice, still make a group', () => {
    const group = new ClassicGroup('g', new SimClock())
    const [member] = value.members
    group.restore({ ...value, leader: 'gone', members: [member!, { ...member!, clientId: 'again' }] })
    assert.deepEqual([group.state, group.leaderId, group.memberCount], ['Stable', 'm1', 1])
  })

  test('applied twice change nothing more', () => {
    const group = new ClassicGroup('g', new SimClock())
    group.restore(value)
    const [member] = group.members()
    group.restore(value)
    assert.equal(group.members()[0], member)
    assert.deepEqual([group.generationId, group.memberCount, group.protocolName], [7, 1, 'range'])
  })

  test('are not kept by their bytes', () => {
    const group = new ClassicGroup('g', new SimClock())
    const record = groupMetadataRecord('g', value)
    group.restore(readGroupMetadata(record).value!)
    record.value!.fill(0)
    const [member] = group.members()
    assert.equal(Buffer.from(member!.assignment).toString(), 'assignment')
    assert.equal(Buffer.from(member!.metadataFor('range')!).toString(), 'subscription')
  })
})

import assert from 'node:assert/strict'
import { pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import { formatScramCredential, parseScramCredential, scramCredential } from './scram-credential.ts'

test('keys are those of RFC 7677, written as Kafka writes them', () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  const iterations = 4096
  const saltedPassword = pbkdf2Sync('pencil', salt, iterations, 32, 'sha256')
  const text = formatScramCredential(scramCredential('SCRAM-SHA-256', { salt, saltedPassword, iterations }))
  assert.equal(
    text,
    'salt=W22ZaJ0SNY7soEsUEjb6gQ==,stored_key=WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,server_key=wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=,iterations=4096',
  )
  assert.equal(formatScramCredential(parseScramCredential(text)!), text)
})

test('what is no credential is told apart', () => {
  for (const text of [
    '',
    'x',
    'salt=a,stored_key=b,server_key=c',
    'salt=a,stored_key=b,server_key=c,iterations=x',
  ])
    assert.equal(parseScramCredential(text), undefined)
})

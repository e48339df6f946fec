import { expect, test } from 'vitest'

import { hashPassword, isPassword, isPasswordHash } from '../../../../src/panel/http/access/password-hash.ts'

test('a password fits its hash, and no other does', async () => {
  const [hash, again] = [await hashPassword('hunter2'), await hashPassword('hunter2')]
  expect(hash).toMatch(/^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/)
  expect(hash).not.toBe(again)
  expect([await isPassword('hunter2', hash), await isPassword('hunter2', again)]).toEqual([true, true])
  expect([await isPassword('Hunter2', hash), await isPassword('', hash)]).toEqual([false, false])
})

test('the same letters typed otherwise are the same', async () => {
  expect(await isPassword('A\u030angstro\u0308m', await hashPassword('\u00c5ngstr\u00f6m'))).toBe(true)
})

/** Of `pleaseletmein`, made by Python's hashlib.scrypt(n=2**14, r=8, p=1, salt=b'SodiumChloride--'). */
const BY_PYTHON = 'scrypt$16384$8$1$U29kaXVtQ2hsb3JpZGUtLQ$byvEe_J8thTiORH40TLCJbfDN7EiP3_EknssJqEKuIE'

test.for([
  { why: 'plain', hash: 'hunter2' },
  { why: 'of another kind', hash: '$2b$12$abcdefghijklmnopqrstuv' },
  { why: 'too cheap', hash: `scrypt$1024$8$1$${'a'.repeat(22)}$${'a'.repeat(43)}` },
  { why: 'no power of two', hash: `scrypt$30000$8$1$${'a'.repeat(22)}$${'a'.repeat(43)}` },
  { why: 'too dear', hash: `scrypt$1048576$8$1$${'a'.repeat(22)}$${'a'.repeat(43)}` },
  { why: 'in no parts', hash: `scrypt$16384$8$0$${'a'.repeat(22)}$${'a'.repeat(43)}` },
  { why: 'cut off', hash: `scrypt$16384$8$1$${'a'.repeat(22)}$${'a'.repeat(42)}` },
])('it is none: $why', async ({ hash }) => {
  expect(isPasswordHash(hash)).toBe(false)
  expect(await isPassword('hunter2', hash)).toBe(false)
})

test('others make the same', async () => {
  expect(await isPassword('pleaseletmein', BY_PYTHON)).toBe(true)
})

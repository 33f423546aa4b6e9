// The shim against Node's own WebCrypto, with the calls that Trystero makes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subtle } from '../src/crypto/subtle.ts';
import { uuid } from '../src/crypto/uuid.ts';

const real = globalThis.crypto.subtle;
const bytes = (size: number): Uint8Array<ArrayBuffer> =>
  crypto.getRandomValues(new Uint8Array(size));
const hex = (buffer: ArrayBuffer): string => Buffer.from(buffer).toString('hex');
const usages: KeyUsage[] = ['encrypt', 'decrypt'];
const keyBytes = bytes(32);
const theirs = () => real.importKey('raw', keyBytes, { name: 'AES-GCM' }, false, usages);
const ours = () => subtle.importKey('raw', keyBytes, { name: 'AES-GCM' }, false, usages);

for (const size of [0, 1, 55, 56, 64, 1000])
  test(`digests of ${size} bytes`, async () => {
    const data = bytes(size);
    for (const name of ['SHA-1', 'SHA-256']) {
      assert.equal(hex(await subtle.digest(name, data)), hex(await real.digest(name, data)));
      const named = await subtle.digest({ name }, data.buffer);
      assert.equal(hex(named), hex(await real.digest(name, data)));
    }
  });

for (const size of [0, 1, 16, 5000])
  test(`what one encrypts the other decrypts: ${size} bytes, IV of 16`, async () => {
    const data = bytes(size);
    const params = { name: 'AES-GCM', iv: bytes(16) };
    const sealed = await subtle.encrypt(params, await ours(), data);
    assert.equal(hex(sealed), hex(await real.encrypt(params, await theirs(), data)));
    assert.equal(hex(await real.decrypt(params, await theirs(), sealed)), hex(data.buffer));
    assert.equal(hex(await subtle.decrypt(params, await ours(), sealed)), hex(data.buffer));
  });

test('a view into a buffer is that view alone', async () => {
  const whole = bytes(64);
  const part = whole.subarray(8, 24);
  assert.equal(hex(await subtle.digest('SHA-1', part)), hex(await real.digest('SHA-1', part)));
});

test('what was tampered with is refused', async () => {
  const params = { name: 'AES-GCM', iv: bytes(16) };
  const sealed = new Uint8Array(await subtle.encrypt(params, await ours(), bytes(20)));
  sealed[3] = (sealed[3] ?? 0) ^ 1;
  await assert.rejects(subtle.decrypt(params, await ours(), sealed), { name: 'OperationError' });
  await assert.rejects(subtle.decrypt(params, await ours(), new Uint8Array(3)), {
    name: 'OperationError',
  });
});

test('what it does not know it refuses', async () => {
  await assert.rejects(subtle.digest('SHA-512', bytes(1)), { name: 'NotSupportedError' });
  await assert.rejects(subtle.importKey('raw', bytes(31), 'AES-GCM', false, usages), {
    name: 'DataError',
  });
  const key = await subtle.importKey('raw', keyBytes, 'AES-GCM', false, ['decrypt']);
  const params = { name: 'AES-GCM', iv: bytes(16) };
  await assert.rejects(subtle.encrypt(params, key, bytes(1)), { name: 'InvalidAccessError' });
});

test('a UUID has the form of crypto.randomUUID', () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.match(crypto.randomUUID(), form);
  const drawn = new Set(Array.from({ length: 100 }, uuid));
  assert.equal(drawn.size, 100);
  for (const one of drawn) assert.match(one, form);
});

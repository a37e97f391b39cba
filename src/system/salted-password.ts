import { pbkdf2 } from 'node:crypto';

/**
 * A password salted and hashed many times over, as SCRAM keeps it (RFC 5802's `Hi`, which is
 * PBKDF2 with HMAC). Worked out in a thread of the pool: thousands of rounds take milliseconds.
 */
export function saltedPassword(
  password: Uint8Array | string,
  salt: Uint8Array,
  iterations: number,
  digest: 'sha256' | 'sha512',
): Promise<Buffer> {
  const length = digest === 'sha256' ? 32 : 64;
  return new Promise((done, fail) => {
    pbkdf2(password, salt, iterations, length, digest, (error, hashed) => {
      if (error === null) done(hashed);
      else fail(error);
    });
  });
}

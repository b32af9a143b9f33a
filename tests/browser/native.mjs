// The native program, to compare with.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const program = fileURLToPath(new URL('../../target/release/catholyte', import.meta.url));

/** The JSON that the command line prints for these arguments. */
export async function native(...args) {
  return JSON.parse((await promisify(execFile)(program, args, { maxBuffer: 1 << 28 })).stdout);
}

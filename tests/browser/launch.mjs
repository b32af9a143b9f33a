// Browsers without windows, cut off from the net.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

/** The first of these programs that is on the path. */
function find(...names) {
  const places = process.env.PATH.split(delimiter);
  const found = names.flatMap((name) => places.map((place) => join(place, name))).find((file) => existsSync(file));
  if (!found) throw new Error(`none of ${names.join(', ')} is installed`);
  return found;
}

/** By name: starts one. */
export const launchers = {
  chromium: () =>
    chromium.launch({
      executablePath: find('chromium', 'chromium-browser', 'google-chrome'),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // Names lead nowhere: what the page cannot do without the net fails here.
        '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
      ],
    }),
};

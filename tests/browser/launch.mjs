// Browsers without windows, cut off from the net.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, firefox } from 'playwright-core';

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
  // As it comes from the distribution, by WebDriver BiDi.
  firefox: () =>
    firefox.launch({
      channel: 'moz-firefox',
      executablePath: find('firefox-esr', 'firefox'),
      // A proxy that is not there: only this machine is reached.
      firefoxUserPrefs: { 'network.proxy.type': 1, 'network.proxy.http': '127.0.0.1', 'network.proxy.http_port': 9, 'network.proxy.ssl': '127.0.0.1', 'network.proxy.ssl_port': 9, 'network.proxy.no_proxies_on': '127.0.0.1', 'network.proxy.allow_hijacking_localhost': false },
    }),
};

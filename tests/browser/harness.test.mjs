// The harness sees what it is there to see: each of these pages must be told of.

import { browserTest } from './harness.mjs';

const inject = (code) => async ({ page, url }) => {
  await page.goto(url);
  await page.evaluate(code);
};

browserTest('an error in the console is seen', inject(() => console.error('a planted error')), {
  expect: [/^console: a planted error/],
});

browserTest('an uncaught exception is seen', inject(() => void setTimeout(() => { throw new Error('a planted exception'); })), {
  expect: [/^uncaught: .*a planted exception/],
});

browserTest('an unhandled rejection is seen', inject(() => void Promise.reject(new Error('a planted rejection'))), {
  expect: [/^uncaught: .*a planted rejection/],
});

browserTest('a missing file is seen', inject(() => fetch('www/none.js').then(() => {})), {
  expect: [/^console: .*404.*none\.js/],
});

browserTest('an exception in a worker is seen', inject(() => {
  // The page's own program finds no document there.
  new Worker('www/main.js', { type: 'module' });
}), { expect: [/^uncaught: ReferenceError/] });

browserTest(
  'a request to another origin is seen, and stopped by the policy',
  inject(() => {
    document.body.append(Object.assign(new Image(), { src: 'http://192.0.2.1/planted.png' }));
  }),
  { expect: [/^request to another origin: .*planted/, /^console: .*violates.*Content Security Policy/] },
);

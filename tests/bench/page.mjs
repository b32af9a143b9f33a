// What a visitor waits for, on a page that is loaded anew: bytes of the first load, the first structure, a knob's answer, and
// how long the page's own thread is blocked meanwhile:
//   node --test tests/bench/page.mjs        (REPEATS=5 unless told otherwise)
// after `cargo run --release -- site --out target/site` and `npm --prefix tests/browser ci`. Medians, in brackets the least.

import { brotliCompressSync, gzipSync } from 'node:zlib';
import { finished, number, traceTasks } from '../browser/bench.mjs';
import { browserTest } from '../browser/harness.mjs';

const repeats = Number(process.env.REPEATS ?? 5);
const told = (values, unit) => {
  const sorted = values.toSorted((a, b) => a - b);
  return `${sorted[sorted.length >> 1].toFixed(0)} ${unit} (${sorted[0].toFixed(0)})`;
};
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;

/** In the page, before its own scripts: notes when the main section is painted. */
function watch() {
  window.painted = [];
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...all) {
    if (this.canvas.id === 'slice') window.painted.push(performance.now());
    return draw.apply(this, all);
  };
}

/** Milliseconds from a turn of the porosity's knob to the next picture of the structure. */
const turn = (page, porosity) =>
  number(page, 'Porosity').evaluate(async (input, value) => {
    const [start, before] = [performance.now(), window.painted.length];
    input.value = String(value);
    input.dispatchEvent(new Event('input', { bubbles: true }));
    while (window.painted.length === before) await new Promise(requestAnimationFrame);
    return window.painted[before] - start;
  }, porosity);

browserTest(
  'first load, first structure, knobs',
  async ({ page, url }) => {
    await page.addInitScript(watch);
    /** By address: workers load some files again, from the cache. */
    const bodies = new Map();
    page.on('response', (response) => bodies.set(response.url(), response.body().catch(() => Buffer.alloc(0))));
    const first = [];
    for (let k = 0; k < repeats; k += 1) {
      await page.goto('about:blank');
      bodies.clear();
      await page.goto(url);
      await page.waitForFunction(() => window.painted.length > 0);
      first.push(await page.evaluate(() => window.painted[0]));
    }
    const files = await Promise.all(bodies.values());
    const sum = (pack) => kilobytes(files.reduce((bytes, file) => bytes + pack(file).length, 0));
    console.log(`first load: ${files.length} files, ${sum((file) => file)}; gzip ${sum((file) => gzipSync(file, { level: 9 }))}, brotli ${sum((file) => brotliCompressSync(file))}`);
    console.log(`first structure: ${told(first, 'ms')} after the load began`);
    for (const voxel of [1, 0.25]) {
      await page.goto('about:blank');
      await page.goto(`${url}#v1?voxel_um=${voxel}`);
      await page.waitForFunction(() => window.painted.length > 0);
      const answers = [];
      // Each turn falls into whatever the last one has begun: building, or discharging.
      for (let k = 0; k < 3 * repeats; k += 1) {
        answers.push(await turn(page, 0.2 + 0.005 * k));
        await page.waitForTimeout(400);
      }
      console.log(`knob to picture, voxels of ${voxel} µm: ${told(answers, 'ms')}, at worst ${Math.max(...answers).toFixed(0)} ms`);
    }
    await page.goto('about:blank');
    const tasks = await traceTasks(page, async () => {
      await page.goto(url);
      await finished(page);
    });
    const long = tasks.filter((task) => task > 50);
    console.log(`from loading to the end of a discharge: longest task ${Math.max(...tasks).toFixed(0)} ms of processor time, ${long.length} over 50 ms`);
  },
  { timeout: 600_000 },
);

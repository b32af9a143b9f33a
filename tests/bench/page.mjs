// What a visitor waits for, on a page that is loaded anew: bytes of the first load, the first structure, a knob's answer, and
// how long the page's own thread is blocked meanwhile, in processor time and against the clock (on a busy machine that counts the others too):
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

/** In the page, before its own scripts: notes when the main section is painted, when a sketch comes, and tasks over 50 ms. */
function watch() {
  window.painted = [];
  window.sketched = [];
  window.long = [];
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...all) {
    if (this.canvas.id === 'slice') window.painted.push(performance.now());
    return draw.apply(this, all);
  };
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    const heard = ({ data }) => {
      if (data.id !== message.id || data.kind !== 'done') return;
      this.removeEventListener('message', heard);
      window.sketched.push(performance.now());
    };
    if (message.kind === 'sketch') this.addEventListener('message', heard);
    return post.call(this, message, ...rest);
  };
  new PerformanceObserver((list) => window.long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask', buffered: true });
}

/** Milliseconds from a turn of the porosity's knob to the next picture of the structure. */
const turn = (page, porosity) =>
  number(page, 'Porosity').evaluate(async (input, value) => {
    const [start, before] = [performance.now(), window.sketched.length];
    input.value = String(value);
    input.dispatchEvent(new Event('input', { bubbles: true }));
    for (;;) {
      await new Promise(requestAnimationFrame);
      const picture = window.sketched.length > before && window.painted.find((time) => time > window.sketched.at(-1));
      if (picture) return picture - start;
    }
  }, porosity);

/** Tasks over 50 ms since the last time that they were told. */
async function tellLong(page, when) {
  const long = await page.evaluate(() => window.long.splice(0));
  console.log(`${when}: ${long.length} tasks of more than 50 ms against the clock${long.length ? `, longest ${Math.max(...long)} ms` : ''}`);
}

browserTest(
  'first load, first structure, knobs',
  async ({ page, url }) => {
    await page.addInitScript(watch);
    /** By address: workers load some files again, from the cache. */
    const bodies = new Map();
    page.on('response', (response) => bodies.set(response.url(), { time: response.request().timing().startTime, body: response.body().catch(() => Buffer.alloc(0)) }));
    const first = [];
    for (let k = 0; k < repeats; k += 1) {
      await page.goto('about:blank');
      bodies.clear();
      await page.goto(url);
      await page.waitForFunction(() => window.painted.length > 0);
      first.push(await page.evaluate(() => window.painted[0]));
    }
    const painted = await page.evaluate(() => performance.timeOrigin + window.painted[0]);
    const files = await Promise.all([...bodies.values()].filter(({ time }) => time < painted).map(({ body }) => body));
    const sum = (pack) => kilobytes(files.reduce((bytes, file) => bytes + pack(file).length, 0));
    console.log(`first load: ${files.length} files, ${sum((file) => file)}; gzip ${sum((file) => gzipSync(file, { level: 9 }))}, brotli ${sum((file) => brotliCompressSync(file))}`);
    console.log(`first structure: ${told(first, 'ms')} after the load began`);
    for (const voxel of [1, 0.25]) {
      for (const [when, live, wait_ms] of [
        ['at rest', false, 2500],
        ['while the structure is built', false, 400],
        ['during a discharge', true, 1500],
        ['while the paper is run', false, 400],
      ]) {
        await page.goto('about:blank');
        await page.goto(`${url}#v1?voxel_um=${voxel}`);
        await page.getByRole('checkbox', { name: 'Run by itself' }).setChecked(live);
        await page.waitForFunction(() => window.painted.length > 0);
        if (when.includes('paper')) await page.getByRole('button', { name: 'Run the paper' }).click();
        await page.waitForTimeout(wait_ms);
        const answers = [];
        for (let k = 0; k < 2 * repeats; k += 1) {
          answers.push(await turn(page, 0.2 + 0.005 * k));
          await page.waitForTimeout(wait_ms);
        }
        console.log(`knob to picture, voxels of ${voxel} µm, ${when}: ${told(answers, 'ms')}, at worst ${Math.max(...answers).toFixed(0)} ms`);
        await tellLong(page, 'meanwhile');
      }
    }
    await page.evaluate(() => localStorage.clear());
    await page.goto('about:blank');
    await page.goto(url);
    await finished(page);
    await tellLong(page, 'from loading to the end of a discharge');
    await page.getByRole('application', { name: '3D view of the structure' }).scrollIntoViewIfNeeded();
    await page.waitForTimeout(2000);
    await tellLong(page, 'the 3D view comes in sight');
    const answers = [];
    for (let k = 0; k < 2 * repeats; k += 1) {
      answers.push(await turn(page, 0.2 + 0.005 * k));
      await page.waitForTimeout(1500);
    }
    console.log(`knob to picture, the 3D view in sight, during a discharge: ${told(answers, 'ms')}, at worst ${Math.max(...answers).toFixed(0)} ms`);
    await tellLong(page, 'meanwhile');
    await finished(page);
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

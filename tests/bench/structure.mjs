// Seconds and memory for building and analysing lyc-10 on the paper's grid (100 x 100 x 200 voxels), natively and in the
// browser, in one run on one machine:
//   node --test tests/bench/structure.mjs        (VOXELS=0.25 and REPEATS=5 unless told otherwise)
// after `cargo run --release -- site --out target/site` and `npm --prefix tests/browser ci`. The least of the runs is what other
// work on the machine disturbed least.

import { browserTest } from '../browser/harness.mjs';
import { native } from '../browser/native.mjs';

const voxels = (process.env.VOXELS ?? '0.25').split(',').map(Number);
const repeats = Number(process.env.REPEATS ?? 5);
const column = (value, digits = 2) => value.toFixed(digits).padStart(10);

/** In the page: one build with its full analysis. */
async function once(voxel_um) {
  const catholyte = await import('/www/pkg/catholyte.js');
  const { memory } = await catholyte.default();
  const { recipe } = catholyte.presets().find(({ name }) => name === 'lyc-10');
  const start = performance.now();
  const twin = new catholyte.Twin({ ...recipe, voxel_um }, () => {});
  const { voxel_hash } = twin.report();
  const seconds = (performance.now() - start) / 1000;
  twin.free();
  return { voxel_hash, seconds, bytes: memory.buffer.byteLength };
}

browserTest(
  'build and analysis',
  async ({ page, url }) => {
    console.log('voxel um       where   least s  median s    memory MB');
    await page.goto(new URL('www/verify.html', url).href);
    for (const voxel of voxels) {
      const rows = { natively: [], 'in browser': [] };
      // In turns, so that a machine that slows down slows both.
      for (let k = 0; k < repeats; k++) {
        const there = await native('build', 'lyc-10', '--voxel-um', String(voxel));
        const here = await page.evaluate(once, voxel);
        if (here.voxel_hash !== there.voxel_hash) throw new Error(`${here.voxel_hash} here, ${there.voxel_hash} natively`);
        rows.natively.push({ seconds: there.seconds, bytes: there.peak_bytes });
        rows['in browser'].push(here);
      }
      for (const [where, runs] of Object.entries(rows)) {
        const seconds = runs.map((run) => run.seconds).toSorted((a, b) => a - b);
        const bytes = Math.max(...runs.map((run) => run.bytes));
        console.log(
          `${String(voxel).padStart(8)} ${where.padStart(11)}${column(seconds[0])}${column(seconds[repeats >> 1])}   ${column(bytes / 1e6, 0)}`,
        );
      }
    }
  },
  { timeout: 600_000 },
);

// Seconds for a full 0.5C discharge of lyc-10, natively and in the browser, in one run on one machine:
//   node --test tests/bench/discharge.mjs        (VOXELS=1.0,0.5 and REPEATS=3 unless told otherwise)
// after `cargo run --release -- site --out target/site` and `npm --prefix tests/browser ci`.

import { finished, number, open, ready, run } from '../browser/bench.mjs';
import { browserTest } from '../browser/harness.mjs';
import { native } from '../browser/native.mjs';

const voxels = (process.env.VOXELS ?? '1.0,0.5').split(',').map(Number);
const repeats = Number(process.env.REPEATS ?? 3);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const seconds = (value) => value.toFixed(2).padStart(9);

browserTest(
  'discharge at 0.5C',
  async (context) => {
    const { page } = context;
    // Fine voxels take a minute.
    page.setDefaultTimeout(600_000);
    await open(context);
    console.log('voxel um   native s   browser s   ratio   steps   linear iterations');
    for (const voxel of voxels) {
      await number(page, 'Voxel').fill(String(voxel));
      await page.getByText(`${25 / voxel} × ${25 / voxel} × ${50 / voxel}`).waitFor();
      await ready(page);
      const [there, here] = [[], []];
      let result;
      // In turns, so that a machine that slows down slows both.
      for (let k = 0; k < repeats; k++) {
        result = await native('run', 'lyc-10', '--voxel-um', String(voxel), '--c-rate', '0.5');
        there.push(result.seconds_solve);
        const start = performance.now();
        await run(page);
        await page.getByText('Finished').waitFor({ state: 'detached' }).catch(() => {});
        await finished(page);
        here.push((performance.now() - start) / 1000);
      }
      const [a, b] = [median(there), median(here)];
      console.log(
        `${String(voxel).padStart(8)} ${seconds(a)}  ${seconds(b)}   ${(b / a).toFixed(2).padStart(7)}` +
          `   ${String(result.time_steps).padStart(5)}   ${String(result.linear_iterations).padStart(8)}`,
      );
    }
  },
  { timeout: 1_200_000 },
);

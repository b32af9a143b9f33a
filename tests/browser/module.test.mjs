// The wasm module outside any browser.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import init, * as catholyte from '../../www/pkg/catholyte.js';
import { native } from './native.mjs';

const www = new URL('../../www/', import.meta.url);
await init({ module_or_path: await readFile(new URL('pkg/catholyte_bg.wasm', www)) });

test('every recipe of the gallery is in the module and buildable', async () => {
  const files = await readdir(new URL('recipes/', www));
  const presets = catholyte.presets();
  assert.deepEqual(presets.map((preset) => `${preset.name}.json`).sort(), files.sort());
  for (const { name, recipe } of presets) {
    const { composition, issues } = catholyte.check_recipe(recipe);
    assert.equal(issues, undefined, name);
    const total = composition.volume_fraction.reduce((sum, fraction) => sum + fraction, 0);
    assert.ok(Math.abs(total - 1) < 1e-12, `${name}: volume fractions add up to ${total}`);
  }
});

test('a bad recipe is told every fault at once', () => {
  const { issues } = catholyte.check_recipe({ nca_parts: -1, porosity: 1.2, halide: 'lzc', sed: 3 });
  assert.deepEqual(issues.map((issue) => issue.path), ['nca_parts', 'porosity', 'halide', 'sed']);
});

for (const [name, voxel_um, c_rate] of [['bare', 2.5, 0.5], ['lyc-10', 1.25, 0.5], ['lyc-c-14', 2.5, 1]]) {
  test(`${name}: the module's voxels, capacity and voltage are the native ones`, async () => {
    const { recipe } = catholyte.presets().find((preset) => preset.name === name);
    const twin = new catholyte.Twin({ ...recipe, voxel_um, c_rate }, () => {});
    while (!twin.advance(1000).finished);
    const [here, there] = [twin.summary(), await native('run', name, '--voxel-um', voxel_um, '--c-rate', c_rate)];
    assert.equal(twin.report().voxel_hash, there.voxel_hash);
    assert.equal(here.stop_reason, there.stop_reason);
    // The same operations in the same order; the margin is the project's promise.
    for (const key of ['discharge_capacity_mah_g', 'mean_voltage_v']) {
      assert.ok(Math.abs(here[key] / there[key] - 1) < 1e-9, `${key}: ${here[key]} in wasm, ${there[key]} natively`);
    }
    assert.ok(here.discharge_capacity_mah_g > 50, `${here.discharge_capacity_mah_g} mAh/g`);
  });
}

// Volumes from files, currents through them, and files out of the page.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { browserTest } from './harness.mjs';
import { choose, finished, makeSmall, number, open, ready, run } from './bench.mjs';
import { native } from './native.mjs';

const VOXEL = '2.5';
let dir;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'catholyte-'));
  await native('build', 'lyc-10', '--voxel-um', VOXEL, '--out', dir);
});
after(() => rm(dir, { recursive: true }));

const dialog = (page) => page.getByRole('dialog');
const chooseFile = (page, file) => page.locator('#import-file').setInputFiles(file);
const take = (page) => dialog(page).getByRole('button', { name: 'Use this structure' }).click();
const flows = (page) => page.getByRole('group', { name: 'Table of effective conductivities' }).locator('tbody tr');
const compute = (page) => page.getByRole('button', { name: 'Compute' }).click();
/** A value of the latest current: 0 conductivity, 1 tortuosity factor, ... */
const answer = async (page, data) => Number(await flows(page).first().locator('data').nth(data).getAttribute('value'));

async function bring(page, name) {
  await chooseFile(page, join(dir, name));
  await dialog(page).getByRole('row', { name: /^4/ }).waitFor();
  await dialog(page).getByRole('spinbutton', { name: 'Voxel', exact: true }).fill(VOXEL);
  await take(page);
  await page.getByText('10 × 10 × 20 voxels of 2.5 µm in place of the builder').waitFor();
}

/** An npy file of bytes. */
function npy(shape, values) {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117) + '\n';
  const head = Buffer.concat([Buffer.from([0x93]), Buffer.from('NUMPY'), Buffer.from([1, 0, 118, 0])]);
  return { name: 'made.npy', mimeType: '', buffer: Buffer.concat([head, Buffer.from(header), Buffer.from(values)]) };
}

browserTest('a file takes the builder’s place: analysed, discharged, and given back', async ({ page, url }) => {
  await open({ page, url });
  await bring(page, 'structure.tiff');
  const expected = await native('analyse', join(dir, 'structure.tiff'), '--voxel-um', VOXEL);
  const active = page.getByRole('row', { name: /^Active/ }).locator('data');
  assert.equal(Number(await active.getAttribute('value')), expected.connectivity.nca.active_fraction);
  // Knobs of the structure leave it alone.
  await number(page, 'Porosity').fill('0.3');
  await ready(page);
  await run(page);
  await finished(page);
  await page.getByRole('rowheader', { name: 'structure.tiff' }).first().waitFor();
  await page.getByRole('button', { name: 'Back to the recipe' }).click();
  await page.getByText('25 × 25 × 50').waitFor();
  await ready(page);
  assert.ok(await page.getByText('in place of the builder').isHidden());
});

browserTest('a file can be dropped on the page', async ({ page, url }) => {
  await open({ page, url });
  const bytes = [...(await readFile(join(dir, 'structure.npy')))];
  await page.evaluate((content) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(content)], 'dropped.npy'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, bytes);
  await dialog(page).getByRole('heading', { name: 'dropped.npy' }).waitFor();
  await dialog(page).getByText('10 × 10 × 20 voxels along x, y, z').waitFor();
  const phases = await dialog(page).getByRole('combobox').evaluateAll((all) => all.map((select) => select.value));
  assert.deepEqual(phases, ['pore', 'nca', 'halide', 'lpscl', 'carbon']);
});

browserTest('a raw file is asked for its shape, guessed first', async ({ page, url }) => {
  await open({ page, url });
  const labels = await readFile(join(dir, 'structure.npy')).then((bytes) => bytes.subarray(bytes.length - 2000));
  const field = (name) => dialog(page).getByRole('spinbutton', { name });
  const shape = () => Promise.all(['x', 'y', 'z'].map((axis) => field(`Voxels along ${axis}`).inputValue()));
  const guessed = async (name, buffer, expected, type) => {
    await chooseFile(page, { name, mimeType: '', buffer });
    await dialog(page).getByRole('heading', { name }).waitFor();
    assert.deepEqual(await shape(), expected, name);
    assert.equal(await dialog(page).getByRole('combobox', { name: 'A voxel is' }).inputValue(), type, name);
  };
  await guessed('cube.bin', Buffer.alloc(1000), ['10', '10', '10'], 'u8');
  await dialog(page).getByRole('button', { name: 'Close' }).click();
  await guessed('flat_5x8x50.raw', Buffer.alloc(4000), ['5', '8', '50'], 'u16');
  await dialog(page).getByRole('button', { name: 'Close' }).click();
  await guessed('structure.raw', labels, ['10', '10', '20'], 'u8');
  await dialog(page).getByRole('row', { name: /^4/ }).waitFor();
  const fault = dialog(page).getByRole('alert');
  const take = dialog(page).getByRole('button', { name: 'Use this structure' });
  for (const [z, text] of [['21', /needed, 2000 are there/], ['19', /ask for 1900 bytes, but there are 2000/], ['', /not that of a volume/]]) {
    await field('Voxels along z').fill(z);
    await fault.filter({ hasText: text }).waitFor();
    assert.ok(await take.isDisabled());
  }
  await field('Voxels along z').fill('20');
  await fault.waitFor({ state: 'hidden' });
  await dialog(page).getByRole('spinbutton', { name: 'Voxel', exact: true }).fill(VOXEL);
  await take.click();
  await page.getByText('10 × 10 × 20 voxels of 2.5 µm in place of the builder').waitFor();
  const expected = await native('analyse', join(dir, 'structure.npy'), '--voxel-um', VOXEL);
  const active = page.getByRole('row', { name: /^Active/ }).locator('data');
  assert.equal(Number(await active.getAttribute('value')), expected.connectivity.nca.active_fraction);
  // A file with a header asks for no shape.
  await chooseFile(page, join(dir, 'structure.npy'));
  await dialog(page).getByRole('row', { name: /^4/ }).waitFor();
  assert.ok(await field('Voxels along z').isHidden());
});

browserTest('a file that cannot be taken says why, and nothing is lost', async ({ page, url }) => {
  await open({ page, url });
  const wrong = [
    [{ name: 'notes.txt', mimeType: '', buffer: Buffer.from('dear diary') }, /Neither a TIFF nor an npy file/],
    [npy('2, 2, 2', [0, 1, 1]), /The npy file ends too early/],
    [npy('2, 4', [0, 1, 1, 0, 0, 0, 0, 1]), /three axes/],
  ];
  for (const [file, text] of wrong) {
    await chooseFile(page, file);
    await dialog(page).getByRole('alert').filter({ hasText: text }).waitFor();
    assert.ok(await dialog(page).getByRole('button', { name: 'Use this structure' }).isDisabled());
    await dialog(page).getByRole('button', { name: 'Close' }).click();
  }
  await chooseFile(page, npy('2, 2, 2', [0, 1, 1, 0, 0, 0, 0, 1]));
  for (const label of ['0', '1']) await dialog(page).getByRole('combobox', { name: `label ${label}` }).selectOption('pore');
  await take(page);
  await dialog(page).getByRole('alert').filter({ hasText: 'No voxel is NCA' }).waitFor();
  await dialog(page).getByRole('button', { name: 'Close' }).click();
  await page.getByRole('img', { name: /^Phase, cross-section/ }).waitFor();
  await page.getByText('25 × 25 × 50').waitFor();
});

browserTest('a layer in series and in parallel conducts as on paper', async ({ page, url }) => {
  await open({ page, url });
  // Two layers along z: label 0 below, label 1 above.
  await chooseFile(page, npy('4, 2, 2', [...Array(8).fill(0), ...Array(8).fill(1)]));
  await dialog(page).getByRole('combobox', { name: 'label 0' }).selectOption('LPSCl');
  await take(page);
  await page.getByText('2 × 2 × 4 voxels of').waitFor();
  const fields = page.getByRole('group', { name: 'Conductivity of each phase' });
  await fields.getByRole('spinbutton', { name: 'LPSCl' }).fill('1');
  await fields.getByRole('spinbutton', { name: 'NCA' }).fill('3');
  await compute(page);
  await flows(page).first().waitFor();
  assert.ok(Math.abs((await answer(page, 0)) - 1.5) < 1e-6, `in series: ${await answer(page, 0)}`);
  await choose(page, 'current along x');
  await compute(page);
  await flows(page).nth(1).waitFor();
  assert.ok(Math.abs((await answer(page, 0)) - 2) < 1e-6, `in parallel: ${await answer(page, 0)}`);
  await page.getByRole('img', { name: /^Current density, cross-section/ }).waitFor();
  await fields.getByRole('spinbutton', { name: 'LPSCl' }).fill('0');
  await choose(page, 'current along z');
  await compute(page);
  await page.getByText('No path joins the two ends').waitFor();
  assert.equal(await answer(page, 0), 0);
});

browserTest('effective transport is that of the command line', async ({ page, url }) => {
  await open({ page, url });
  await bring(page, 'structure.npy');
  const fields = page.getByRole('group', { name: 'Conductivity of each phase' });
  for (const [name, value] of [['LPSCl', '0.2'], ['LYC', '0.05'], ['pore', '0'], ['NCA', '0'], ['carbon', '0']]) {
    await fields.getByRole('spinbutton', { name, exact: true }).fill(value);
  }
  await compute(page);
  await flows(page).first().waitFor();
  const file = join(dir, 'structure.npy');
  const expected = await native('conduct', file, '--conductivity', '2=0.05,3=0.2', '--periodic', 'xy');
  assert.ok(expected.percolates);
  for (const [data, key] of [[0, 'effective_conductivity'], [1, 'tortuosity_factor']]) {
    const here = await answer(page, data);
    assert.ok(Math.abs(here / expected[key] - 1) < 1e-6, `${key}: ${here} here, ${expected[key]} natively`);
  }
});

browserTest('structure and report are saved as the command line writes them', async ({ page, url }) => {
  await open({ page, url });
  await number(page, 'Voxel').fill(VOXEL);
  await page.getByText('10 × 10 × 20').waitFor();
  await ready(page);
  for (const name of ['structure.vti', 'structure.npy', 'structure.tiff', 'report.json', 'report.csv', 'particles.csv']) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: `Save ${name}` }).click(),
    ]);
    assert.equal(download.suggestedFilename(), name);
    const here = await readFile(await download.path());
    assert.ok(here.equals(await readFile(join(dir, name))), name);
  }
});

browserTest('a current through a fresh structure is drawn, and forgotten with it', async ({ page, url }) => {
  await open({ page, url });
  await makeSmall(page);
  const field = page.getByRole('combobox', { name: 'Show' });
  const offered = () => field.locator('option', { hasText: 'Current density' }).evaluate((option) => !option.disabled);
  assert.equal(await offered(), false);
  await compute(page);
  await page.getByRole('img', { name: /^Current density/ }).waitFor();
  assert.equal(await offered(), true);
  await number(page, 'Porosity').fill('0.3');
  await page.getByRole('img', { name: /^Phase, cross-section/ }).waitFor();
  assert.equal(await offered(), false);
  assert.ok(await page.getByText('The cross-section shows').isHidden());
});

/** Turns knobs and presses Compute with nothing in between, faster than any structure is made. */
const hurry = (page, knobs, then) =>
  page.evaluate(
    ([fields, later]) => {
      const set = ([key, value]) => {
        const input = document.getElementById(`field-${key}`);
        input.value = value;
        input.dispatchEvent(new Event('input', { bubbles: true }));
      };
      fields.forEach(set);
      document.getElementById('flow-compute').click();
      later.forEach(set);
    },
    [knobs, then],
  );

browserTest('a current is not lost when it is asked for before the structure is there', async ({ page, url }) => {
  await open({ page, url });
  await hurry(page, [['thickness_um', '12'], ['width_um', '10']], []);
  await page.getByRole('img', { name: /^Current density, cross-section at y = 5\.5/ }).waitFor();
  await ready(page);
  await page.waitForTimeout(500);
  await page.getByRole('img', { name: /^Current density, cross-section at y = 5\.5/ }).waitFor();
});

browserTest('a current through a structure that has changed meanwhile says so', async ({ page, url }) => {
  await open({ page, url });
  await hurry(page, [['thickness_um', '12']], [['width_um', '10']]);
  await page.getByText('The picture has changed since').waitFor();
  await flows(page).first().waitFor();
  await page.getByRole('img', { name: /^Phase, cross-section at y = 5\.5/ }).waitFor();
});

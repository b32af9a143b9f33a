// How a visitor works the bench, for all tests of it.

/** The line beside the progress bar. */
export const progress = (page) => page.locator('#progress-text');
/** A field of the recipe. */
export const number = (page, name) =>
  page.getByRole('region', { name: 'Recipe' }).getByRole('spinbutton', { name, exact: true });
/** A radio button lies invisibly on top of its label; so does the pointer. */
export const choose = (page, name) => page.getByRole('radio', { name, exact: true }).check();
/** Begins a discharge of what is on the bench. */
export const runButton = (page) => page.getByRole('button', { name: /^Run( at| \d|$)/ });
export const run = (page) => runButton(page).click();
export const finished = (page) => progress(page).filter({ hasText: 'Finished' }).waitFor();
/** Built, and its numbers there: they go as soon as a knob moves, the word only once the build begins. */
export async function ready(page) {
  await page.getByText('NCA surface', { exact: true }).and(page.locator('dt')).locator('+ dd').filter({ hasText: 'µm²' }).waitFor();
  await progress(page).filter({ hasText: 'Ready' }).waitFor();
}

/** The page without discharges that begin by themselves, for tests that begin their own. */
export async function open({ page, url }) {
  await page.addInitScript(() => {
    // A page that is still blank has no storage.
    if (location.protocol.startsWith('http')) localStorage.setItem('catholyte-settings', localStorage.getItem('catholyte-settings') ?? '{"live":false}');
  });
  await page.goto(url);
  await ready(page);
}

/** The finished runs in the table. */
export const runs = (page) => page.locator('#runs tbody tr').filter({ has: page.locator('th') }).filter({ hasNot: page.getByRole('progressbar') });
/** The full value behind a cell of the table of runs: 0 capacity, 1 mean voltage, 2 energy. */
export const value = async (page, row, data) => Number(await runs(page).nth(row).locator('data').nth(data).getAttribute('value'));

/** A cathode of few voxels, for tests that are not about its numbers. */
export async function makeSmall(page) {
  const electrode = page.getByRole('group', { name: 'Electrode', exact: true });
  await electrode.getByText('More').click();
  await number(page, 'Width').fill('10');
  await number(page, 'Thickness').fill('12');
  await page.getByText('10 × 10 × 12').waitFor();
}

/** A comparison with the paper as the command line writes it, in place of whatever this copy of the page has. */
export const compareWithPaper = (page) =>
  page.route('**/www/validation.json', (route) =>
    route.fulfill({
      json: {
        catholyte: '0.1.0',
        voxel_um: 0.5,
        seeds: 3,
        rows: [
          { electrode: 'lyc-10', quantity: 'discharge_capacity_2C', paper: 122, model_mean: 119.25, model_sd: 2.5, residual: -2.75, kind: 'fitted', values: [117, 119, 122] },
          { electrode: 'bare', quantity: 'retention_100_cycles', paper: 59, model_mean: null, model_sd: null, residual: null, kind: 'predicted', values: [] },
        ],
      },
    }),
  );

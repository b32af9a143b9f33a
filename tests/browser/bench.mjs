// How a visitor works the bench, for all tests of it.

/** The line beside the progress bar. */
export const progress = (page) => page.locator('#progress-text');
/** A field of the recipe. */
export const number = (page, name) =>
  page.getByRole('region', { name: 'Recipe' }).getByRole('spinbutton', { name, exact: true });
/** A radio button lies invisibly on top of its label; so does the pointer. */
export const choose = (page, name) => page.getByRole('radio', { name, exact: true }).check();
export const run = (page) => page.getByRole('button', { name: /^Run/ }).click();
export const finished = (page) => progress(page).filter({ hasText: 'Finished' }).waitFor();
/** Built, and its numbers there: they go as soon as a knob moves, the word only once the build begins. */
export async function ready(page) {
  await page.getByText('NCA surface', { exact: true }).and(page.locator('dt')).locator('+ dd').filter({ hasText: 'µm²' }).waitFor();
  await progress(page).filter({ hasText: 'Ready' }).waitFor();
}

export async function open({ page, url }) {
  await page.goto(url);
  await ready(page);
}

/** A cathode of few voxels, for tests that are not about its numbers. */
export async function makeSmall(page) {
  const electrode = page.getByRole('group', { name: 'Electrode' });
  await electrode.getByText('More').click();
  await number(page, 'Width').fill('10');
  await number(page, 'Thickness').fill('12');
  await page.getByText('10 × 10 × 12').waitFor();
}

// How a visitor works the bench, for all tests of it. Nothing here counts on the speed of the machine: what is to be seen is waited
// for, what is clicked is clicked where it stands then, and what must happen during a run happens in the page itself.

import assert from 'node:assert/strict';

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
export async function finished(page) {
  await progress(page).filter({ hasText: 'Finished' }).waitFor();
  await drawn(page);
}
/** Built, and its numbers there: they go as soon as a knob moves, the word only once the build begins. */
export async function ready(page) {
  await page.getByText('NCA surface', { exact: true }).and(page.locator('dt')).locator('+ dd').filter({ hasText: 'µm²' }).waitFor();
  await progress(page).filter({ hasText: 'Ready' }).waitFor();
  await drawn(page);
}
/** Every table and canvas that waits for its frame has had one: each frame draws one of them at least. */
export const drawn = (page) =>
  page.evaluate(async () => {
    for (let i = 0; i < 12; i += 1) await new Promise(requestAnimationFrame);
  });

/** What `ask` comes to is, or becomes, what is expected. */
export async function comesTo(ask, expected) {
  for (let i = 0; ; i += 1) {
    try {
      return assert.deepEqual(await ask(), expected);
    } catch (error) {
      if (i === 100) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A canvas's picture once it has stood still. */
export async function picture(canvas) {
  for (let [last, i] = ['', 0]; ; i += 1) {
    await canvas.page().waitForTimeout(150);
    const now = await canvas.evaluate((node) => node.toDataURL());
    if (now === last) return now;
    if (i === 100) throw new Error('the picture does not come to rest');
    last = now;
  }
}
/** A canvas's picture once it is another one than before. */
export async function otherPicture(canvas, before) {
  await canvas.page().waitForFunction(([node, old]) => node.toDataURL() !== old, [await canvas.elementHandle(), before]);
  return picture(canvas);
}

/** A screenshot once nothing moves any more, for what draws with WebGL. */
export async function stillShot(target, options) {
  for (let [last, i] = ['', 0]; ; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const now = (await target.screenshot(options)).toString('base64');
    if (now === last) return now;
    if (i === 50) throw new Error('it does not come to rest');
    last = now;
  }
}

/** A place inside an element, in shares of its width and height. */
async function at(target, u, v) {
  const { width, height } = await target.boundingBox();
  return { x: u * width, y: v * height };
}
/** Points at a place of an element, wherever the page has moved it. */
export const pointAt = async (target, u, v) => target.hover({ position: await at(target, u, v) });
export const clickAt = async (target, u, v) => target.click({ position: await at(target, u, v) });

/**
 * Clicks in the page itself as soon as the line beside the progress bar says this, however short that is true.
 * @returns a promise of milliseconds from the click until nothing is left to cancel
 */
export async function clickWhen(page, words, target) {
  const button = await target.elementHandle();
  return page.evaluate(
    ([node, pattern]) =>
      new Promise((resolve) => {
        const [cancel, text] = ['cancel', 'progress-text'].map((id) => document.getElementById(id));
        let start = 0;
        const look = () => {
          if (!start && !node.disabled && new RegExp(pattern).test(text.textContent)) {
            start = performance.now();
            node.click();
          }
          if (start && (node !== cancel || cancel.disabled)) resolve(performance.now() - start);
        };
        new MutationObserver(look).observe(document.body, { attributes: true, childList: true, characterData: true, subtree: true });
        look();
      }),
    [button, words],
  );
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

/**
 * Milliseconds of processor time that each task of the page's main thread took while `body` ran. Not wall-clock time: on a busy
 * machine a task of 8 ms may wait for its processor long enough to pass for one of 60.
 */
export async function traceTasks(page, body) {
  const browser = page.context().browser();
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline'] });
  await body();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const thread = ({ pid, tid }) => `${pid}/${tid}`;
  const names = traceEvents.filter((event) => event.name === 'thread_name');
  const main = new Set(names.filter((event) => event.args.name === 'CrRendererMain').map(thread));
  const tasks = traceEvents.filter((event) => event.name === 'RunTask' && main.has(thread(event)));
  return tasks.filter((task) => task.tdur !== undefined).map((task) => task.tdur / 1000);
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
  await ready(page);
}

/** A comparison with the paper as the command line writes it, in place of whatever this copy of the page has. */
export const compareWithPaper = (page) =>
  page.route('**/www/validation.json', (route) =>
    route.fulfill({
      json: {
        catholyte: '0.1.0',
        voxel_um: 0.5,
        width_um: 36,
        seeds: 3,
        rows: [
          { electrode: 'lyc-10', quantity: 'discharge_capacity_2C', paper: 122, model_mean: 119.25, model_sd: 2.5, residual: -2.75, kind: 'fitted', values: [117, 119, 122] },
          { electrode: 'bare', quantity: 'retention_100_cycles', paper: 59, model_mean: null, model_sd: null, residual: null, kind: 'predicted', values: [] },
        ],
      },
    }),
  );

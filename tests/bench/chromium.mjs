// Conduction in the browser: node chromium.mjs TASKS_JSON RUNS -> one line of JSON.

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { launchers } from '../browser/launch.mjs';
import { program } from '../browser/native.mjs';

const tasks = JSON.parse(process.argv[2]);
const runs = Number(process.argv[3]);

/** Shape [nz, ny, nx] and bytes of a npy file of one byte a label. */
function parse(npy) {
  const end = 10 + npy.readUInt16LE(8);
  const shape = /'shape': \((\d+), (\d+), (\d+)\)/.exec(npy.toString('latin1', 10, end));
  return { size: shape.slice(1).map(Number).reverse(), labels: npy.subarray(end) };
}

/** In the page: the median of a few solves; the first one, which the browser still compiles, apart. */
async function solve({ size, conductivity, runs }) {
  const catholyte = await import('/www/pkg/catholyte.js');
  await catholyte.default();
  const labels = new Uint8Array(await (await fetch('/labels')).arrayBuffer());
  const seconds = [];
  let answer;
  while (seconds.length < runs) {
    const start = performance.now();
    answer = catholyte.effective_conductivity(labels, size, conductivity);
    seconds.push((performance.now() - start) / 1000);
  }
  const first = seconds[0];
  seconds.sort((a, b) => a - b);
  return { ...answer, first, seconds: seconds[Math.floor(runs / 2)] };
}

const server = spawn(program, ['serve', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
const browser = await launchers.chromium();
try {
  const { value: url } = await createInterface({ input: server.stdout })[Symbol.asyncIterator]().next();
  const answers = [];
  for (const { path, conductivity } of tasks) {
    const { size, labels } = parse(await readFile(path));
    const page = await browser.newPage();
    await page.route('**/labels', (route) => route.fulfill({ body: labels, contentType: 'application/octet-stream' }));
    await page.goto(url);
    const table = Array.from({ length: 256 }, (_, label) => conductivity[label] ?? 0);
    answers.push(await page.evaluate(solve, { size, conductivity: table, runs }));
    await page.close();
  }
  process.stdout.write(`${JSON.stringify({ answers })}\n`);
} finally {
  await browser.close();
  server.kill();
}

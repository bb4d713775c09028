import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { _electron } from '@playwright/test';
import { startDisplay } from './display.mjs';
import { ensureElectron } from './electron-runtime.mjs';
import { ROOT } from './processes.mjs';
import { sandboxSwitches } from './sandbox.mjs';

/** Draws the PNGs of build/ from build/icon.svg. They are committed: run this when the drawing has changed. */

const BUILD = path.join(ROOT, 'build');
/** @type {readonly (readonly [file: string, pixels: number, kind: 'icon' | 'template'])[]} */
const FILES = [
  .../** @type {const} */ ([16, 24, 32, 48, 64, 128, 256, 512, 1024]).map(
    (size) => /** @type {const} */ ([`icons/${size}x${size}.png`, size, 'icon']),
  ),
  ['tray/template.png', 18, 'template'],
  ['tray/template@2x.png', 36, 'template'],
];
/** Without the night around it the dawn fills the square. */
const ALONE = '4 3 40 40';

const svg = await readFile(path.join(BUILD, 'icon.svg'), 'utf8');
const { executable } = await ensureElectron();
const virtual = process.platform === 'linux' ? await startDisplay() : undefined;
const app = await _electron.launch({
  executablePath: executable,
  args: [path.join(ROOT, 'test/renderer-lab/main.cjs'), ...(await sandboxSwitches(executable)), 'about:blank'],
  env: { .../** @type {Record<string, string>} */ (process.env), ...(virtual ? { DISPLAY: virtual.display } : {}) },
});
try {
  const page = await app.firstWindow();
  for (const [file, size, kind] of FILES) {
    const drawn = kind === 'icon' ? svg : template();
    await mkdir(path.dirname(path.join(BUILD, file)), { recursive: true });
    await writeFile(path.join(BUILD, file), Buffer.from(await page.evaluate(draw, { svg: drawn, size }), 'base64'));
  }
} finally {
  await app.close();
  await virtual?.stop();
}

function template() {
  return svg
    .replace(/viewBox="[^"]*"/, `viewBox="${ALONE}"`)
    .replace(/<rect id="night"[^>]*>/, '')
    .replace(/(<g id="dawn" fill=")[^"]*/, '$1#000000');
}

/**
 * In the page.
 * @param {{ svg: string, size: number }} what
 * @returns {Promise<string>} the PNG in base64
 */
async function draw({ svg, size }) {
  const image = new Image();
  image.src = `data:image/svg+xml;base64,${btoa(svg.replace('<svg ', `<svg width="${size}" height="${size}" `))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size;
  canvas.getContext('2d')?.drawImage(image, 0, 0, size, size);
  return canvas.toDataURL('image/png').slice('data:image/png;base64,'.length);
}

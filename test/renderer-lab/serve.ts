import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import react from '@vitejs/plugin-react';
import { build } from 'vite';

const folder = path.resolve(__dirname, '../../out/renderer-lab');
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

export interface LabServer {
  /** The page's address for a scenario of scenarios.ts. `actionMs`: how long an action of the fake api takes. */
  url(scenario: string, actionMs?: number): string;
  close(): Promise<void>;
}

/** As the window of the app is built (electron.vite.config.ts), and beside it. */
async function buildLab(): Promise<void> {
  await build({
    configFile: false,
    root: __dirname,
    base: './',
    logLevel: 'warn',
    plugins: [react()],
    build: {
      target: 'chrome114',
      outDir: folder,
      emptyOutDir: true,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 1000,
    },
  });
}

/** Builds the lab and serves it on a free port of the loopback interface. */
export async function serveLab(): Promise<LabServer> {
  await buildLab();
  const server = createServer((request, response) => {
    const name = path.basename(new URL(request.url ?? '/', 'http://lab').pathname);
    const file = path.join(folder, path.extname(name) === '.html' ? name : `assets/${name}`);
    readFile(file).then(
      (content) => response.writeHead(200, { 'content-type': types[path.extname(file)] ?? 'text/plain' }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The lab server has no port');
  return {
    url: (scenario, actionMs = 400) =>
      `http://127.0.0.1:${address.port}/index.html?actionMs=${actionMs}&scenario=${scenario}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

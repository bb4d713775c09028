import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';

/** Main and preload are CommonJS for Node 18.15 and Chromium 114, the oldest runtime the app is run on. */
export default defineConfig({
  main: {
    build: {
      target: 'node18.15',
      outDir: 'out/main',
      license: { fileName: 'licenses.md' },
      externalizeDeps: false,
      lib: { entry: 'main/main.ts', formats: ['cjs'] },
      // ssh2 does without its native parts where it cannot load them, as in Electron.
      rolldownOptions: { external: ['cpu-features', /\.node$/] },
    },
  },
  preload: {
    build: {
      target: 'node18.15',
      outDir: 'out/preload',
      license: { fileName: 'licenses.md' },
      externalizeDeps: false,
      lib: { entry: 'preload/preload.ts', formats: ['cjs'] },
    },
  },
  renderer: {
    root: 'renderer',
    plugins: [react()],
    build: {
      target: 'chrome114',
      outDir: 'out/renderer',
      license: { fileName: 'licenses.md' },
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      // It is read from the disk, at once.
      chunkSizeWarningLimit: 1000,
      rolldownOptions: { input: 'renderer/index.html' },
    },
  },
});

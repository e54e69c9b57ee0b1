import { defineConfig } from 'vite';

/** The console as static files. `outDir` is given by whoever builds it (scripts/buildConsole.ts). */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  logLevel: 'warn',
  // The caller keeps the results; nothing is written beside the sources.
  cacheDir: '../node_modules/.cache/headgate/vite',
  build: {
    // Every browser that has <dialog>, :has() and CSS nesting.
    target: ['chrome120', 'firefox121', 'safari17.2'],
    sourcemap: false,
    modulePreload: { polyfill: false },
    // Nothing inline: the pages’ security policy allows scripts and styles of their own origin only.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    emptyOutDir: true,
  },
});

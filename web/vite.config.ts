import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    target: 'es2022',
    // Everything that the page needs first comes in one request each; the crypto shim alone is apart.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
});

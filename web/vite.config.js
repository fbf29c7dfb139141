import { defineConfig } from 'vite';

export default defineConfig({
  // Relative addresses let the page work under any path of a reverse proxy.
  base: './',
  esbuild: { jsx: 'automatic' },
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    // Monaco, the editor, is one chunk of this size and loads from the same host.
    chunkSizeWarningLimit: 4000,
    rollupOptions: {
      // Libraries mark their files for React servers; a page without one has no use for the mark.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
});

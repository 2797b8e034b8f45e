import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/**
 * The API that `npm run dev` and `npm run preview` proxy `/api` to. Start one with
 * `cargo run -p treebeard-api -- serve --embedded`; another port is chosen with `API_PORT`.
 */
const api = `http://127.0.0.1:${process.env.API_PORT ?? '8080'}`;
const proxy = { '/api': { target: api } };

/** Matches modules of the named packages, on every operating system. */
const packages = (...names: string[]) =>
  new RegExp(`[\\\\/]node_modules[\\\\/](?:${names.join('|')})[\\\\/]`);

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
  build: {
    outDir: 'dist',
    // The Content-Security-Policy is `default-src 'self'`: a data: URI would be blocked.
    assetsInlineLimit: 0,
    // `treebeard-cdn build` measures gzip and br itself.
    reportCompressedSize: false,
    rolldownOptions: {
      input: { main: 'index.html' },
      output: {
        // A content hash in every name, so that the CDN may cache these for a year.
        entryFileNames: 'assets/[name].[hash].js',
        chunkFileNames: 'assets/[name].[hash].js',
        assetFileNames: 'assets/[name].[hash].[ext]',
        minify: { compress: { dropConsole: true }, mangle: true, codegen: true },
        // Libraries change rarely: apart from our code, they stay cached from release to release.
        codeSplitting: {
          groups: [
            {
              name: 'react-vendor',
              test: packages('react', 'react-dom', 'scheduler', 'react-router'),
              priority: 3,
            },
            { name: 'ui-vendor', test: packages('@radix-ui/react-dialog'), priority: 2 },
            { name: 'chart-vendor', test: packages('recharts'), priority: 1 },
          ],
        },
      },
    },
  },
  test: {
    environment: 'jsdom',
    setupFiles: 'test/setup.ts',
    include: ['src/**/*.test.{ts,tsx}'],
    testTimeout: 30_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});

// Bundles the page. Of Grafana's libraries the CommonJS form is taken: from the
// other one the bundler would import their CommonJS dependencies as Node does,
// with the component in a field "default".
import { copyFile } from 'node:fs/promises';
import { build } from 'esbuild';

const commonjs = {
  name: 'commonjs',
  setup(b) {
    b.onResolve({ filter: /^@grafana\// }, async (args) => {
      if (args.kind !== 'import-statement' || args.pluginData === 'again') {
        return undefined;
      }
      return b.resolve(args.path, { kind: 'require-call', resolveDir: args.resolveDir, pluginData: 'again' });
    });
  },
};

await build({
  entryPoints: ['main.tsx'],
  bundle: true,
  format: 'esm',
  splitting: true,
  outdir: 'out',
  loader: { '.svg': 'dataurl', '.ttf': 'dataurl' },
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  plugins: [commonjs],
  logLevel: 'warning',
});
await copyFile('index.html', 'out/index.html');

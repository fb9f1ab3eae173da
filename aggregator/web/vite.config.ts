import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defaultClientConditions, type Plugin, type UserConfig } from "vite";

const COMPRESSED = /\.(?:js|css|html|svg)$/;
/** Smaller files fit into one packet anyway. */
const COMPRESS_BYTES_MIN = 1_000;

/** Files are compressed once here, not at every request: the process that serves them has a fleet to judge. */
const compressed: Plugin = {
  name: "compressed-copies",
  apply: "build",
  writeBundle: ({ dir }) => {
    if (dir === undefined) return;
    for (const name of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
      const file = join(dir, name);
      if (!COMPRESSED.test(name) || statSync(file).size < COMPRESS_BYTES_MIN) continue;
      const bytes = readFileSync(file);
      writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      writeFileSync(`${file}.br`, brotliCompressSync(bytes));
    }
  },
};

const config: UserConfig = {
  root: import.meta.dirname,
  plugins: [compressed],
  // From the sources of the other packages: what `tsc -b` left there may be old, or not there yet.
  resolve: { conditions: ["source", ...defaultClientConditions] },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    // Browsers of the last two years; older ones lack light-dark() and would need it spelled out.
    target: ["chrome123", "firefox121", "safari17.5"],
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    sourcemap: false,
    // Everything stays a file of the same origin: the page runs under a strict content policy.
    assetsInlineLimit: 0,
  },
};

export default config;

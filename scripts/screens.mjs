import { spawnSync } from "node:child_process";

// Takes the pictures of docs/screens: every screen of the panel, in four themes side by side, at the widths of editors'
// panels. What the panel shows in them was drawn by the pocket model (test/browser/panel). Run it after the look changed:
//   node scripts/screens.mjs

const { status } = spawnSync("npx", ["vitest", "run", "--project", "interface", "test/browser/panel-screens.test.ts"], {
  stdio: "inherit",
  env: { ...process.env, VITE_SCREENS: "1" },
});
process.exitCode = status ?? 1;

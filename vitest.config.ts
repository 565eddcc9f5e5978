import { defineConfig } from "vitest/config";

// Three tiers, one runner (docs/testing.md): unit and whole-tool tests, real mailers, the browser.
export default defineConfig({
  test: {
    reporters: ["default", "./test/closing-line.ts"],
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts", "test/**/*.test.ts"], testTimeout: 20_000 } },
      {
        test: {
          name: "lab",
          include: ["test/lab/**/*.lab.ts"],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});

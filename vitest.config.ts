import { defineConfig } from "vitest/config";

// One runner, several tiers: `npm run check` runs the unit tests alone, `npm test` all.
export default defineConfig({
  test: {
    reporters: ["default", "./test/closing-line.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/*.test.ts"],
          testTimeout: 20_000,
          // Pure code for the most part: files share their modules, which halves the time. What changes the process
          // (environment, folder, fake timers) belongs into "whole".
          pool: "threads",
          isolate: false,
        },
      },
      // The program as a whole, many times as a process of its own.
      { test: { name: "whole", include: ["test/{whole,commands}/**/*.test.ts"], testTimeout: 20_000 } },
      {
        test: {
          name: "lab",
          include: ["test/{lab,filters,lists,complaints}/**/*.lab.ts"],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});

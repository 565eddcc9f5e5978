/** Questions to a person, one line each: at a terminal, or down a pipe. */
import { createInterface } from "node:readline";

export interface Questions {
  /** What was typed, without blanks around it; null: nobody answers any more. */
  ask(prompt: string): Promise<string | null>;
  close(): void;
}

export function questions(): Questions {
  const { stdin, stderr } = process;
  if (stdin.isTTY)
    return {
      // An interface for each question: between them the terminal is an editor's.
      ask: (prompt) =>
        new Promise((resolve) => {
          const lines = createInterface({ input: stdin, output: stderr });
          let answer: string | null = null;
          lines.question(prompt, (line) => {
            answer = line.trim();
            lines.close();
          });
          // A terminal that is read line by line hands Ctrl-C to us: it means to the program what it always means.
          lines.on("SIGINT", () => {
            process.emit("SIGINT");
            lines.close();
          });
          lines.once("close", () => resolve(answer));
        }),
      close: () => {},
    };
  const lines = createInterface({ input: stdin });
  const next = lines[Symbol.asyncIterator]();
  return {
    async ask(prompt) {
      stderr.write(prompt);
      const { done, value } = await next.next();
      return done === true ? null : value.trim();
    },
    close: () => lines.close(),
  };
}

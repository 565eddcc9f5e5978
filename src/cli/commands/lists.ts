/** `fencepost lists`: its sub-commands. */
import type { Command } from "commander";
import { addCheck } from "./lists-check.ts";
import { addDispute } from "./lists-dispute.ts";
import { publishCommand } from "./lists-publish.ts";
import { refusalsCommand } from "./lists-refusals.ts";
import { addRemoval } from "./lists-removal.ts";

export function addLists(program: Command): void {
  const lists = program
    .command("lists")
    .summary("where you are refused, what it means, and how to get off; a list of one's own")
    .description(
      "Asks DNS lists about what sends your mail, reads who refuses it, says how to get off, and in which order.",
    );
  addCheck(lists);
  lists.addCommand(refusalsCommand());
  addRemoval(lists);
  addDispute(lists);
  lists.addCommand(publishCommand());
  for (const command of lists.commands) command.exitOverride();
}

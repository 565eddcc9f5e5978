/** All platforms, in the order in which they are listed. */
import type { Platform } from "../platform.ts";

export const platforms: readonly Platform[] = [];

export const platformIds = platforms.map(({ id }) => id);

/**
 * The names that strangers have in a witness. They stand for anybody: a replay puts the tester's own in their place, so
 * that the message can arrive where it proves something. They are names that no configuration has by chance: one that
 * named them would make friends of strangers, and hide what it lets others do.
 */

/** A domain of nobody's, towards which a stranger wants to relay. */
export const elsewhere = "fencepost-elsewhere.example";
/** The recipient there. */
export const outsideUser = "probe";
/** The plainest forward-path towards it. */
export const outsidePath = `<${outsideUser}@${elsewhere}>`;
/** The domain that a stranger claims to be at. */
export const strangersDomain = "fencepost-stranger.example";
/** How a stranger names himself where nothing depends on it. */
export const strangersHelo = `client.${strangersDomain}`;
export const strangersReversePath = `<stranger@${strangersDomain}>`;

/** How a conversation can go on that nobody but the gateway keeps. */
export const GO_ON =
  "with RESPONSES_STORE=sqlite or redis the gateway keeps responses, and previous_response_id goes on from one";

/** Why a request cannot name what was said before. */
export const NO_STORE = `its API keeps no responses; ${GO_ON}`;

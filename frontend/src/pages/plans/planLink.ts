/** The element id of a plan's link in the catalogue: closing its dialog gives the focus back. */
export const planLinkId = (planId: string) => `plan-${planId}`;

/** Being built. */
export const ConnectionBanner = (_: { readonly [none: string]: never }) => null;

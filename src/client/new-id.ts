/** 128 random bits, of what is said once, for whoever says it again. React Native has no `crypto` of its own. */
export const newId = (random: () => number = Math.random): string => {
  const { crypto } = globalThis as { crypto?: { getRandomValues?(bytes: Uint8Array): unknown } };
  const bytes = Uint8Array.from({ length: 16 }, () => random() * 256);
  crypto?.getRandomValues?.(bytes);
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
};

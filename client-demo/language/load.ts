import type { Choices } from '../app/settings.ts';
import en from '../words/en/index.ts';
import { createWords, type Words } from './words.ts';

type Language = Exclude<Choices['language'], 'system'>;

/** English is part of the page, so that there are words for every fault; the others come when they are chosen. */
const loaders: Record<Language, () => Promise<Parameters<typeof createWords>[1]>> = {
  en: async () => en,
  de: async () => (await import('../words/de/index.ts')).default,
};

export const languages = Object.keys(loaders) as Language[];

export const english = (): Words => createWords('en', en);

const ofBrowser = (): Language =>
  (navigator.languages.map(tag => tag.split('-')[0]).find(tag => languages.includes(tag as Language)) as Language) ??
  'en';

/** The texts of the chosen language, with the browser's way of writing dates where it speaks that language. */
export const loadWords = async (choice: Choices['language']): Promise<Words> => {
  const language = choice === 'system' ? ofBrowser() : choice;
  const tag = navigator.languages.find(own => own.split('-')[0] === language) ?? language;
  try {
    return createWords(tag, await loaders[language]());
  } catch {
    // Without a network, and never loaded before.
    return english();
  }
};

/** A real program that some suites need. */
export interface RealPart {
  name: string;
  suites: string[];
  env: string;
  find(): string | undefined;
}
export const realParts: RealPart[];
export const heavySuites: string[];
/** The path of the program of this name; throws where it is not installed, and says how to get it. */
export const programOf: (name: string) => string;

/** The name beside its sign. */
export const Brand = () => (
  <p class="brand" translate={false}>
    <img src="icon.svg" alt="" width={32} height={32} />
    {'Parley'}
  </p>
);

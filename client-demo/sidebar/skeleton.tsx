/** Where rows will be. */
export const Skeleton = ({ label, rows }: { label: string; rows: number }) => (
  <div class="sidebar-skeleton" role="status">
    <span class="unseen">{label}</span>
    {Array.from({ length: rows }, (_, row) => (
      <div key={row} class="sidebar-skeleton-row" />
    ))}
  </div>
);

/** The feather and the name. */
export function Brand() {
  return (
    <span class="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect class="brand-ground" width="32" height="32" rx="8" />
        <path class="brand-quill" d="M24.500 6.500c-6.600.4-11.700 3.600-13.400 9.600L8.600 25.500" />
        <path
          class="brand-vane"
          d="M24.500 6.500c.3 5.800-2.500 10.600-8.200 11.700l-5.200-.1c-.3-6.700 6.300-11.200 13.400-11.600z"
        />
      </svg>
      Scriptorium
    </span>
  );
}

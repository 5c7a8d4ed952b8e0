/** The console's own small set of line icons, 24 units square. They decorate: words stand beside or in the label. */
const PATHS = {
  send: "M4 12 20 4l-5 16-3.5-6.5z M11.5 13.5 20 4",
  lock: "M6 11h12v9H6z M9 11V7.5a3 3 0 0 1 6 0V11",
  check: "m5 12.5 4.5 4.5L19 7.5",
  checks: "m2.5 12.5 4 4L15 8 M11.5 15.5l1 1L21 8",
  close: "M6 6l12 12 M18 6 6 18",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z M15.5 15.5 20 20",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M4.5 20c.8-3.6 3.8-5.5 7.5-5.5s6.700 1.900 7.500 5.500",
  bot: "M5 9h14v10H5z M12 9V5 M10.500 4h3 M9 13v1.500 M15 13v1.500 M3 13v3 M21 13v3",
  ticket:
    "M4 7h16v3.500a1.800 1.800 0 0 0 0 3.600V17H4v-2.900a1.800 1.800 0 0 0 0-3.600z M14 7v2 M14 11.500v1.500 M14 15v2",
  back: "M15 5l-7 7 7 7",
  right: "m9 5 7 7-7 7",
  down: "m5 9 7 7 7-7",
  info: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17z M12 11v5.500 M12 7.800v.2",
  more: "M5.500 12h.1 M12 12h.1 M18.500 12h.1",
  clock: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17z M12 7.500V12l3 2",
  warning: "M12 4 2.800 19.500h18.400z M12 10v4.500 M12 17v.2",
  undo: "M8.500 5 4 9.500 8.500 14 M4 9.500h10a5.500 5.500 0 0 1 0 11H9",
  claim: "M12 3v11 M7.500 9.500 12 14l4.500-4.500 M4 15v5h16v-5",
  transfer: "M4 8h15 M15 4l4 4-4 4 M20 16H5 M9 12l-4 4 4 4",
  spark:
    "M12 3.500l1.900 5.600 5.600 1.900-5.600 1.900L12 18.500l-1.900-5.600L4.500 11l5.600-1.900z M19 16v4 M17 18h4",
  globe:
    "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17z M3.500 12h17 M12 3.500c5 5 5 12 0 17 M12 3.500c-5 5-5 12 0 17",
  eye: "M2.500 12C5 7.500 8.300 5.500 12 5.500s7 2 9.500 6.500c-2.500 4.500-5.800 6.500-9.500 6.500s-7-2-9.500-6.500z M12 9.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600z",
  verified:
    "M12 3l7 2.500V11c0 4.800-2.900 8-7 10-4.100-2-7-5.200-7-10V5.500z M8.800 12l2.300 2.300 4.200-4.500",
  copy: "M8 8h11v12H8z M16 8V4H5v12h3",
  pencil: "M4 20l1-4.500L16.500 4 20 7.500 8.500 19z M14 6.500 17.500 10",
  link: "M14 5h5v5 M19 5l-8 8 M17 14v5H5V7h5",
  keyboard: "M3 7h18v11H3z M7 11h.1 M11 11h.1 M15 11h.1 M18 11h.1 M8 14.500h8",
  mail: "M3.500 6h17v12h-17z M3.500 7l8.500 6.500L20.500 7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 3 : 1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

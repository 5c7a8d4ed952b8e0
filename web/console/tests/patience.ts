/** What a page test waits for may take long on a busy machine; what never comes fails all the same. */
import { configure } from "@testing-library/react";

configure({ asyncUtilTimeout: 10_000 });

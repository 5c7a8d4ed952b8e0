"""What browsers fetch besides the API: the shop, the widget, the console, the help centre, the demo's identities."""

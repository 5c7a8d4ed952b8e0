"""The intents by what they are for, and what to call each of them in front of a customer."""

# What a button says when the bot asks which of several things was meant.
TASK_MEANINGS = {
    "order_status": "Where my order is",
    "order_late": "My order is late",
    "item_damaged": "Something arrived damaged",
    "wrong_item": "I got the wrong item",
    "missing_item": "Something is missing",
    "cancel_order": "Cancel an order",
    "change_address": "Change a delivery address",
    "return_item": "Send something back",
    "exchange_item": "Exchange an item",
    "refund_status": "Where my refund is",
    "complaint": "Make a complaint",
    "ticket_status": "The state of a ticket",
}
QUESTION_MEANINGS = {
    "ask_return_policy": "How returns work",
    "ask_invoice": "Get an invoice",
    "payment_failed": "My payment did not go through",
    "double_charge": "I was charged twice",
    "ask_payment_methods": "Ways to pay",
    "promo_code": "A promo code",
    "gift_card": "Gift cards",
    "ask_stock": "Is something in stock",
    "product_question": "A question about a product",
    "assembly_help": "Help with assembly",
    "delivery_options": "Delivery options",
    "delivery_cost": "What delivery costs",
    "international_delivery": "Delivery to my country",
    "account_help": "My account",
    "password_reset": "Reset my password",
    "change_email": "Change my e-mail address",
    "delete_my_data": "Delete my data",
    "newsletter": "The newsletter",
    "warranty": "Warranty",
    "opening_hours": "Service hours",
    "company_info": "About Nook & Linden",
}
# What to look up for a question that the articles do not answer in the customer's own words.
QUESTION_TOPICS = {
    "ask_return_policy": "How many days do I have to return something?",
    "ask_invoice": "How do I download my invoice?",
    "payment_failed": "Try again with another payment method",
    "double_charge": "I was charged twice",
    "ask_payment_methods": "Can I pay by card, PayPal or iDEAL?",
    "promo_code": "How do I use a promo code?",
    "gift_card": "How do I redeem a gift card?",
    "ask_stock": "What does in stock mean on the product page?",
    "assembly_help": "How do I assemble my furniture?",
    "delivery_options": "How many days does standard delivery take?",
    "delivery_cost": "What does delivery cost?",
    "international_delivery": "To which countries do you deliver?",
    "password_reset": "I forgot my password",
    "change_email": "How do I change my e-mail address?",
    "delete_my_data": "How do I delete my account?",
    "newsletter": "How do I sign up for the newsletter?",
    "warranty": "How long is the warranty?",
    "opening_hours": "What are your opening hours?",
}
# How a task reads in the line that a person gets: what the customer is doing, and what they did before.
TASK_BRIEFS = {
    "order_status": ("Asks where an order is", "asking where an order is"),
    "order_late": ("Waits for a late order", "asking about a late order"),
    "item_damaged": ("Has a problem with an item", "reporting a problem with an item"),
    "wrong_item": ("Got the wrong item", "reporting a wrong item"),
    "missing_item": ("Misses an item", "reporting a missing item"),
    "cancel_order": ("Wants to cancel", "a cancellation"),
    "change_address": ("Wants another delivery address", "an address change"),
    "return_item": ("Wants to return", "a return"),
    "exchange_item": ("Wants to exchange", "an exchange"),
    "refund_status": ("Asks for a refund", "asking for a refund"),
    "complaint": ("Complains", "a complaint"),
    "ticket_status": ("Asks about a ticket", "asking about a ticket"),
}
MEANINGS = {**TASK_MEANINGS, "talk_to_person": "Talk to a person", **QUESTION_MEANINGS}

TASKS = frozenset(TASK_MEANINGS)
QUESTIONS = frozenset(QUESTION_MEANINGS)
# These leave a form, or the bot.
CONTROL = frozenset({"stop", "start_over", "talk_to_person", "goodbye"})
SOCIAL = frozenset({"greet", "thank", "praise", "bot_challenge", "smalltalk"})
DIALOGUE = frozenset({"inform", "correct", "affirm", "deny", "repeat", "back_to_task"})
UNKNOWN = frozenset({"nlu_fallback", "out_of_scope"})

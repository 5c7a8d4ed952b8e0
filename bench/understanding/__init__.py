"""The sets of the field, side by side: Rasa's DIET, a linear SVM, a frozen encoder, and ours."""

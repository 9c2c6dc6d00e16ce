welcome = Welcome to the bank. You will be put through to one of our people.
